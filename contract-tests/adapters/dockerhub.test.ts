import { describeRegistryContract } from "../suite/index.ts";
import { dockerhub } from "../vendors/dockerhub.ts";
import { subjectOf } from "../vendors/subject.ts";

await describeRegistryContract(await subjectOf(dockerhub));
