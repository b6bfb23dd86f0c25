import { describeServer } from "./describe-server.ts";

await describeServer("docker-registry", { pageSize: 100 });
