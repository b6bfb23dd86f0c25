import { describeRegistryContract } from "../suite/index.ts";
import { gitlab } from "../vendors/gitlab.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(gitlab));
