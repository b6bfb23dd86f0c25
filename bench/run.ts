import { measureAudit } from "./audit/measure.ts";
import { measureAuditPage } from "./audit-page/measure.ts";
import { measureCleanupRequests } from "./cleanup-requests/measure.ts";
import { printFigures } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { measureGitWalk } from "./git-walk/measure.ts";
import { measureLargeLayer } from "./migrate/large-layer.ts";
import { measureMigration } from "./migrate/measure.ts";
import { measurePlan } from "./plan/measure.ts";
import { measureRates } from "./rates/measure.ts";
import { measureStartup } from "./startup/measure.ts";
import { measureVendors } from "./vendors/measure.ts";

/** Every measurement, one after the other, as one table. */
const figures: Figure[] = [];
for (const measure of [
  measureStartup,
  measureGitWalk,
  measurePlan,
  measureCleanupRequests,
  measureRates,
  measureVendors,
  measureAudit,
  measureAuditPage,
  measureMigration,
  measureLargeLayer,
]) {
  process.stderr.write(`${measure.name} …\n`);
  figures.push(...(await measure()));
}
printFigures(figures);
