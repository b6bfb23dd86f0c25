import { describeServer } from "./describe-server.ts";

await describeServer("distribution", { pageSize: 100 });
