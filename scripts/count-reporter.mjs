import { writeFileSync } from "node:fs";

/**
 * A vitest reporter that writes what passed, failed and was skipped, by name, to the file that
 * TEST_REPORT_FILE names. vitest wants a default export.
 */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const report = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      for (const test of module.children.allTests()) addTest(report, module, test);
      for (const error of module.errors()) report.failed.push(`${nameOf(module)}: ${firstLine(error)}`);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors())
          report.failed.push(`${nameOf(module)}: ${suite.fullName}: ${firstLine(error)}`);
      }
    }
    for (const error of unhandledErrors) report.failed.push(`outside of any test: ${firstLine(error)}`);
    writeFileSync(process.env.TEST_REPORT_FILE ?? "test-report.json", JSON.stringify(report));
  }
}

function addTest(report, module, test) {
  const { state, note } = test.result();
  const name = `${nameOf(module)}: ${test.fullName}`;
  if (state === "passed") report.passed++;
  else if (state === "skipped") report.skipped.push(note === undefined ? name : `${name} (${note})`);
  else report.failed.push(name); // "pending" too: the run ended before the test did
}

function nameOf(module) {
  return module.relativeModuleId ?? module.moduleId;
}

function firstLine(error) {
  return String(error.message ?? error).split("\n")[0];
}
