import { describeRegistryContract } from "../suite/index.ts";
import { github } from "../vendors/github.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(github));
