import { describe, expect, it } from "vitest";
import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import type { FakeCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import type { OtherRepository, World } from "./world.ts";
import { openWorld, stage } from "./world.ts";
import type { Run } from "./run.ts";

describe("what runs from a copy", () => {
  it("stays there and in the primary, and goes from both when it runs no more", async () => {
    await using all = await open();
    const { world, cluster, final, clean } = all;
    const deployment = workload("Deployment", "web", `${final.address}:${world.tag("s1")}`);
    await cluster.put(deployment);

    const first = await clean();

    expect(first.exit).toBe(0);
    expect(stagesIn(final)).toEqual([world.tag("s1"), world.tag("s3")].sort());
    expect(stagesIn(world)).toEqual([world.tag("s1"), world.tag("s3")].sort());

    await cluster.remove(deployment);
    await clean();

    expect(stagesIn(final)).toEqual([world.tag("s3")]);
    expect(stagesIn(world)).toEqual([world.tag("s3")]);
  });

  it("by a custom tag keeps the tag, its stage, and the record in the primary", async () => {
    await using all = await open();
    const { world, cluster, final, clean } = all;
    await cluster.put(workload("Pod", "job", `${final.address}:pr-1`));

    await clean();

    expect(Object.keys(final.tags()).sort()).toEqual(
      ["pr-1", world.tag("s1"), world.tag("s3")].sort(),
    );
    expect(world.tags()).toHaveProperty("custom-tag-meta-pr-1");
    expect(world.tags()).toHaveProperty(world.tag("s1"));
  });

  it("stays in the copy when the primary has it no more", async () => {
    await using all = await open();
    const { world, cluster, final, clean } = all;
    world.remove(world.tag("s1"));
    await cluster.put(workload("Pod", "job", `${final.address}:${world.tag("s1")}`));

    await clean();

    expect(stagesIn(final)).toEqual([world.tag("s1"), world.tag("s3")].sort());
  });

  it("stays in a purge, in every repository", async () => {
    await using all = await open();
    const { world, cluster, final, run } = all;
    await cluster.put(workload("Pod", "job", `${final.address}:pr-1`));

    const purge = await run("purge", ["--yes"]);

    expect(purge.exit).toBe(0);
    expect(Object.keys(final.tags()).sort()).toEqual(["pr-1", world.tag("s1")].sort());
    expect(stagesIn(world)).toEqual([world.tag("s1")]);
    expect(world.tags()).toHaveProperty("managed-image-shop");
  });
});

interface Project extends AsyncDisposable {
  readonly world: World;
  readonly cluster: FakeCluster;
  readonly final: OtherRepository;
  clean(): Promise<Run>;
  run(command: string, more: readonly string[]): Promise<Run>;
}

/** A project whose images run from a final repository; the custom tag `pr-1` of its oldest stage is there. */
async function open(): Promise<Project> {
  const world = await openWorld({
    registry: {
      stages: [stage("s1"), stage("s2"), stage("s3")],
      records: [
        ["shop", "c1", "s1"],
        ["shop", "c2", "s2"],
        ["shop", "c3", "s3"],
      ],
      customTags: { "pr-1": "s1" },
    },
  });
  const cluster = await startCluster();
  const final = world.other("acme/shop-final");
  final.copy("pr-1");
  world.remove("pr-1");
  for (const id of ["s1", "s2", "s3"]) final.copy(world.tag(id));
  const where = ["--repo", world.address, "--final-repo", final.address, "--dir", world.clone];
  const run: Project["run"] = (command, more) =>
    world.runRaw([command, ...where, "--kube-config", cluster.kubeconfig.path, "--quiet", ...more]);
  return {
    world,
    cluster,
    final,
    run,
    clean: () => run("cleanup", []),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

function stagesIn({ tags }: Pick<World, "tags">): string[] {
  return Object.keys(tags())
    .filter((tag) => /^[0-9a-f]{56}-/.test(tag))
    .sort();
}
