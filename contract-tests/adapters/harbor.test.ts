import { describeRegistryContract } from "../suite/index.ts";
import { harbor } from "../vendors/harbor.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(harbor));
