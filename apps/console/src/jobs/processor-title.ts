/** The name of a processor as a title: `moodle-log` is "Moodle log". */
export function processorTitle(name: string): string {
  const words = name.replaceAll(/[-_.]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
