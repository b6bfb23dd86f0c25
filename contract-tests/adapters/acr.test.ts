import { describeRegistryContract } from "../suite/index.ts";
import { acr } from "../vendors/acr.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(acr));
