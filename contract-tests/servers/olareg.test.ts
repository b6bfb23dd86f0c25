import { describeServer } from "./describe-server.ts";

await describeServer("olareg", { pageSize: 100 });
