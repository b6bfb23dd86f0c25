import { parseArgs } from "node:util";
import { PROPERTIES } from "./all.ts";

/**
 * Checks the properties in many cases: `node test/properties/run-many.ts --cases 100000`.
 *
 * `--only TEXT` takes the properties whose name has the text; `--seed` and `--path`, as a failure prints them, lead back
 * to its case; `--quick` tells a failure without making it small. Ends with 1 when a property does not hold.
 */
const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    only: { type: "string", default: "" },
    seed: { type: "string" },
    path: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});

/** Cases of one seed: little enough to come back to, and nothing is kept between two. */
const PORTION = 500;

const chosen = PROPERTIES.filter(({ name }) => name.includes(values.only));
const usual = chosen.reduce((sum, { cases }) => sum + cases, 0);
const wanted = Number(values.cases);
const first = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed);
let broken = 0;
let checked = 0;

console.log(`${wanted} cases of ${chosen.length} properties, first seed ${first}`);
for (const property of chosen) {
  const cases = Math.max(1, Math.round((wanted * property.cases) / usual));
  const startedAt = performance.now();
  let done = 0;
  let error: unknown;
  while (done < cases && error === undefined) {
    const portion = Math.min(PORTION, cases - done);
    const start = {
      seed: first + done,
      quick: values.quick,
      ...(values.path === undefined ? {} : { path: values.path }),
    };
    error = await property.run({ cases: portion, ...start }).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    done += portion;
    if (process.stderr.isTTY) process.stderr.write(`\r${done}/${cases} ${property.name}\u001b[K`);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  checked += done;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  const word = error === undefined ? "holds" : "BROKEN";
  console.log(`${word}  ${property.name}: ${done} cases, ${seconds} s, ${memory} MB`);
  if (error === undefined) continue;
  broken += 1;
  console.log(error);
}
console.log(`${checked} cases, ${broken} of ${chosen.length} properties broken`);
process.exitCode = broken === 0 ? 0 : 1;
