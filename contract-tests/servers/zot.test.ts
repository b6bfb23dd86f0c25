import { describeServer } from "./describe-server.ts";

await describeServer("zot", { pageSize: 100 });
