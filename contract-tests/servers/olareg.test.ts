import { describeServer } from "./describe-server.ts";

await describeServer("olareg", { withoutCatalog: true, pageSize: 100 });
