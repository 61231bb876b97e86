/** What a metrics endpoint shows. */
export interface Exposition {
  readonly text: string;
  /** Names of its families. */
  readonly families: readonly string[];
  /** How many series of a family there are. */
  seriesOf(family: string): number;
  /**
   * Value of a series, `undefined` without one. Labels that are not given may have any value: the sum of those
   * is returned.
   */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** Reads Prometheus' text format, as far as tests need it. */
export function readExposition(text: string): Exposition {
  const series = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = "", labels = "", value = ""]) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, label]) => [key, label]),
      ),
      value: Number(value),
    }),
  );
  return {
    text,
    families: [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name),
    seriesOf: (family) => series.filter(({ name }) => name === family).length,
    value(name, labels = {}) {
      const found = series.filter(
        (each) =>
          each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, each) => sum + each.value, 0);
    },
  };
}
