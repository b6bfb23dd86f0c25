// Prints `N passed, N failed, N skipped` from vitest's JSON report. A file that could not even be read counts as a
// failure.
import { readFileSync } from "node:fs";

const { testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((test) => test.status !== "failed"),
);
const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length;
const failed = count("failed") + broken.length;
console.log(
  `${count("passed")} passed, ${failed} failed, ${count("skipped", "pending", "todo", "disabled")} skipped`,
);
