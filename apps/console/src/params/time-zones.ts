/** The zones that this browser knows, its own first, for a person to choose from. */
export function timeZones(): readonly string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [own, ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== own)];
}
