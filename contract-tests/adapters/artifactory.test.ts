import { describeRegistryContract } from "../suite/index.ts";
import { artifactory } from "../vendors/artifactory.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(artifactory));
