import { describeRegistryContract } from "../suite/index.ts";
import { archiveSubject } from "./archive-subject.ts";

await describeRegistryContract(archiveSubject);
