import type {
  PublishedImage,
  PublishedStage,
  StoredImage,
  StoredManifest,
} from "../../commands/publish/published.ts";
import { formatReference, formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { BuildReport, ImageRecord, StageRecord } from "./build-report.ts";

export interface ReportRequest {
  readonly images: readonly PublishedImage[];
  readonly primary: Repository;
  /** Where final images are told to be. */
  readonly final?: Repository;
  /** Hex id; absent where no commit is known. */
  readonly commit?: string;
  readonly inContainer: boolean;
  /** Whether each platform's image is told too. */
  readonly byPlatform: boolean;
}

/** What stands for the builder: images come to be before they are published. */
const BACKEND = "tidemark";

const SOURCES = {
  uploaded: "",
  reused: "repo",
  cache: "cache-repo",
  secondary: "secondary",
} as const;

/** An image has one stage: what its layers came of is not known here. */
const STAGE_NAME = "image";

/** Nothing is built here, so it takes no time. */
const BUILD_TIME = "0.00";

/** The build report of what was published, images sorted by name. */
export function buildReportOf(request: ReportRequest): BuildReport {
  const images = request.images.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    Runtime: { Backend: BACKEND, InContainer: request.inContainer },
    Images: Object.fromEntries(images.map((image) => [image.name, imageRecord(image, request)])),
    ImagesByPlatform: request.byPlatform
      ? Object.fromEntries(images.map((image) => [image.name, platformRecords(image, request)]))
      : {},
  };
}

function imageRecord(image: PublishedImage, request: ReportRequest): ImageRecord {
  const index = image.final?.index ?? image.index;
  const [first] = image.stages;
  if (index !== undefined) return indexImage(image, index, request);
  if (first !== undefined) return stageImage(image, first, request);
  throw new Error(`image "${image.name}" was published without a stage`);
}

function platformRecords(
  image: PublishedImage,
  request: ReportRequest,
): Readonly<Record<string, ImageRecord>> {
  return Object.fromEntries(
    image.stages.map((stage) => [stage.platform, stageImage(image, stage, request)]),
  );
}

function indexImage(
  image: PublishedImage,
  { stageId, digest, size }: StoredManifest,
  request: ReportRequest,
): ImageRecord {
  const stages = image.stages.map((stage) => {
    const record = stageRecord(stage, image, request);
    return { ...record, Name: `${record.Name} (${stage.platform})` };
  });
  const stored = { DockerTag: stageId, DockerImageID: digest, DockerImageDigest: digest };
  const facts = { ConfigType: "", TargetPlatform: "", Size: size };
  return recordOf(image, { ...stored, ...facts, Stages: stages }, request);
}

/** The image of one platform. */
function stageImage(
  image: PublishedImage,
  stage: PublishedStage,
  request: ReportRequest,
): ImageRecord {
  const record = stageRecord(stage, image, request);
  const facts = { ConfigType: "unknown", TargetPlatform: stage.platform };
  return recordOf(image, { ...record, ...facts, Stages: [record] }, request);
}

type ImageFacts = Pick<
  ImageRecord,
  | "ConfigType"
  | "DockerTag"
  | "DockerImageID"
  | "DockerImageDigest"
  | "TargetPlatform"
  | "Size"
  | "Stages"
>;

/** In the order in which werf writes the fields. */
function recordOf(image: PublishedImage, facts: ImageFacts, request: ReportRequest): ImageRecord {
  const repository = repositoryOf(image, request);
  return {
    WerfImageName: image.name,
    ConfigType: facts.ConfigType,
    DockerRepo: formatRepository(repository),
    DockerTag: facts.DockerTag,
    DockerImageID: facts.DockerImageID,
    DockerImageDigest: facts.DockerImageDigest,
    DockerImageName: formatReference({ ...repository, tag: facts.DockerTag }),
    TargetPlatform: facts.TargetPlatform,
    Rebuilt: facts.Stages.some(({ Rebuilt }) => Rebuilt),
    Final: image.isFinal,
    Size: facts.Size,
    BuildTime: BUILD_TIME,
    Commit: request.commit ?? "",
    Stages: facts.Stages,
  };
}

function stageRecord(
  stage: PublishedStage,
  image: PublishedImage,
  request: ReportRequest,
): StageRecord {
  const { stageId, digest, configDigest, size } = storedStage(stage, image);
  return {
    Name: STAGE_NAME,
    DockerImageName: formatReference({ ...repositoryOf(image, request), tag: stageId }),
    DockerTag: stageId,
    DockerImageID: configDigest,
    DockerImageDigest: digest,
    // A whole number of milliseconds has few enough digits to be written exactly.
    CreatedAt: stage.createdAt * 1_000_000,
    Size: size,
    SourceType: SOURCES[stage.source],
    BaseImagePulled: false,
    Rebuilt: stage.source === "uploaded",
    BuildTime: BUILD_TIME,
    Commit: request.commit ?? "",
  };
}

/** The stage as it lies in the final repository, where it is there. */
function storedStage(stage: PublishedStage, { final }: PublishedImage): StoredImage {
  return final?.stages.find(({ platform }) => platform === stage.platform) ?? stage;
}

function repositoryOf(
  { final: copy }: PublishedImage,
  { primary, final }: ReportRequest,
): Repository {
  const { host, name } = copy === undefined || final === undefined ? primary : final;
  return { host, name };
}
