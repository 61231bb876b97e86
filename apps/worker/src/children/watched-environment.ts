/**
 * The environment variables of this process, put back after each attempt that changed one. To compare them all
 * takes longer than a short attempt, so `process.env` tells of changes instead. (Native code that calls
 * setenv(3) itself is not seen.)
 */
export class WatchedEnvironment {
  readonly #real = process.env;
  readonly #watched: NodeJS.ProcessEnv;
  #before: Readonly<NodeJS.ProcessEnv> = {};
  #isChanged = false;

  /** Watches from now on: to be called before code is loaded that may keep `process.env`. */
  constructor() {
    const changing =
      <Rest extends readonly unknown[]>(change: (target: NodeJS.ProcessEnv, ...rest: Rest) => boolean) =>
      (target: NodeJS.ProcessEnv, ...rest: Rest) => {
        this.#isChanged = true;
        return change(target, ...rest);
      };
    this.#watched = new Proxy(this.#real, {
      set: changing((target, name: string | symbol, value: unknown) => Reflect.set(target, name, value)),
      defineProperty: changing(Reflect.defineProperty),
      deleteProperty: changing(Reflect.deleteProperty),
    });
    process.env = this.#watched;
  }

  /** Takes the variables to put back. */
  begin(): void {
    this.#before = { ...this.#real };
    this.#isChanged = false;
  }

  /** Where temporary files go: those of libraries and of further processes are wiped with the attempt's. */
  setTemporaryFolder(path: string): void {
    this.#real["TMPDIR"] = path;
  }

  restore(): void {
    if (!this.#isChanged && process.env === this.#watched) return;
    process.env = this.#watched;
    for (const name of Object.keys(this.#real)) if (!(name in this.#before)) delete this.#real[name];
    Object.assign(this.#real, this.#before);
    this.#isChanged = false;
  }
}
