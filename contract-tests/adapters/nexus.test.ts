import { describeRegistryContract } from "../suite/index.ts";
import { nexus } from "../vendors/nexus.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(nexus));
