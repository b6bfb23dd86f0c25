import { describeRegistryContract } from "../suite/index.ts";
import { quay } from "../vendors/quay.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(quay));
