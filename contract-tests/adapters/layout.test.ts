import { describeRegistryContract } from "../suite/index.ts";
import { layoutSubject } from "./layout-subject.ts";

await describeRegistryContract(layoutSubject);
