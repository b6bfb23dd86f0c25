import { describeRegistryContract } from "../suite/index.ts";
import { gcr } from "../vendors/gcr.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(gcr));
