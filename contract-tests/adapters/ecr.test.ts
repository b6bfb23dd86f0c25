import { describeRegistryContract } from "../suite/index.ts";
import { ecr } from "../vendors/ecr.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(ecr));
