import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { GIT_ENV } from "../scenarios/git.ts";
import type { Member } from "./crew.ts";
import { PROJECT } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { sourceIn } from "./images.ts";
import type { Publisher } from "./round.ts";

/** One run of a publisher, and what it says it did. */
export interface PublisherRun {
  readonly publisher: Publisher;
  /** Absent: it was killed. */
  readonly exit?: number;
  /** Everything it printed. */
  readonly output: string;
  /** Absent: it wrote no report. */
  readonly reported?: readonly ReportedImage[];
}

export interface ReportedImage {
  readonly name: string;
  /** The tag of the stage or of the index. */
  readonly tag: string;
  readonly digest: string;
  /** One for each platform; of a single image, itself. */
  readonly stages: readonly ReportedStage[];
}

interface ReportedStage {
  readonly tag: string;
  readonly digest: string;
}

/** Where a round happens. */
export interface Place {
  readonly ground: Ground;
  /** `HOST/NAME` */
  readonly address: string;
  readonly synchronization: string;
  /** Whether each image gets the tag `latest-NAME` too. */
  readonly aliases: boolean;
  /** For what this round writes. */
  readonly dir: string;
}

const Image = z.object({ DockerTag: z.string(), DockerImageDigest: z.string() });
const Report = z.object({
  Images: z.record(z.string(), Image),
  ImagesByPlatform: z.record(z.string(), z.record(z.string(), Image)),
});

let runs = 0;

/** @param home Of the user; publishers of one home are on one machine. */
export async function runPublisher(
  publisher: Publisher,
  { ground, address, synchronization, aliases, dir }: Place,
  { member, home }: { readonly member: Member; readonly home: string },
): Promise<PublisherRun> {
  const path = join(dir, `report-${runs++}.json`);
  const { images, stageDigest, commit, aheadMs } = publisher;
  const args = [
    "publish",
    ...images.map(({ name, source }) => `${name}=oci:${sourceIn(ground.root, source)}`),
    `--repo=${address}`,
    `--dir=${ground.cloneAt(commit)}`,
    `--project=${PROJECT}`,
    `--synchronization=${synchronization}`,
    "--lock-timeout=90s",
    ...(aliases ? ["--add-custom-tag=latest-%image%"] : []),
    "--save-build-report",
    `--build-report-path=${path}`,
    ...(stageDigest === undefined ? [] : ["--stage-digest", stageDigest]),
  ];
  const env = { ...(await makeHome(home)), WERF_ENABLE_REPORT_BY_PLATFORM: "1" };
  const answer = await member.run({ args, env, aheadMs });
  if (answer === undefined) return { publisher, output: "" };
  const output = `${answer.stdout}\n${answer.stderr}`;
  const report = await readReport(path);
  return {
    publisher,
    exit: answer.exit,
    output,
    ...(report === undefined ? {} : { reported: report }),
  };
}

/** A user who has nothing. */
export async function makeHome(home: string): Promise<Record<string, string>> {
  await mkdir(join(home, "no-certificates"), { recursive: true });
  return {
    ...GIT_ENV,
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    NO_COLOR: "1",
    // The authorities of this machine take a tenth of a run's time to read.
    SSL_CERT_FILE: "/dev/null",
    SSL_CERT_DIR: join(home, "no-certificates"),
  };
}

async function readReport(path: string): Promise<ReportedImage[] | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { Images, ImagesByPlatform } = Report.parse(JSON.parse(text));
  return Object.entries(Images).map(([name, image]) => {
    const own = { tag: image.DockerTag, digest: image.DockerImageDigest };
    const platforms = Object.values(ImagesByPlatform[name] ?? {});
    const stages = platforms.map((each) => ({
      tag: each.DockerTag,
      digest: each.DockerImageDigest,
    }));
    const isIndex = !own.tag.includes("-");
    return { name, ...own, stages: isIndex ? stages : [own] };
  });
}
