import type { AdapterEntry } from "../src/registry/adapter.ts";
import { detectArtifactory, probeArtifactory, recogniseArtifactory } from "./artifactory/detect.ts";
import { artifactoryOptions } from "./artifactory/options.ts";
import { detectArchive } from "./archive/detect.ts";
import { detectAcr, recogniseAcr } from "./acr/detect.ts";
import { acrOptions } from "./acr/options.ts";
import { detectDefault } from "./default/detect.ts";
import { detectDockerhub, recogniseDockerhub } from "./dockerhub/detect.ts";
import { dockerhubOptions } from "./dockerhub/options.ts";
import { detectHarbor, probeHarbor, recogniseHarbor } from "./harbor/detect.ts";
import { harborOptions } from "./harbor/options.ts";
import { detectEcr, recogniseEcr } from "./ecr/detect.ts";
import { ecrOptions } from "./ecr/options.ts";
import { detectGithub, probeGithub, recogniseGithub } from "./github/detect.ts";
import { githubOptions } from "./github/options.ts";
import { detectGitlab, probeGitlab, recogniseGitlab } from "./gitlab/detect.ts";
import { gitlabOptions } from "./gitlab/options.ts";
import { detectGcr, recogniseGcr } from "./gcr/detect.ts";
import { gcrOptions } from "./gcr/options.ts";
import { detectNexus, probeNexus, recogniseNexus } from "./nexus/detect.ts";
import { nexusOptions } from "./nexus/options.ts";
import { detectLayout } from "./layout/detect.ts";
import { detectQuay, probeQuay, recogniseQuay } from "./quay/detect.ts";
import { quayOptions } from "./quay/options.ts";

/**
 * Every adapter, most specific first. `default` matches any host and stays last.
 *
 * Only `detect.ts` is imported eagerly; an adapter and its libraries load when one is opened.
 */
export const adapters: readonly AdapterEntry[] = [
  { id: "layout", detect: detectLayout, options: [], load: () => import("./layout/adapter.ts") },
  { id: "archive", detect: detectArchive, options: [], load: () => import("./archive/adapter.ts") },
  {
    id: "ecr",
    detect: detectEcr,
    recognise: recogniseEcr,
    options: ecrOptions,
    load: () => import("./ecr/adapter.ts"),
  },
  {
    id: "acr",
    detect: detectAcr,
    recognise: recogniseAcr,
    options: acrOptions,
    load: () => import("./acr/adapter.ts"),
  },
  {
    id: "dockerhub",
    detect: detectDockerhub,
    recognise: recogniseDockerhub,
    options: dockerhubOptions,
    load: () => import("./dockerhub/adapter.ts"),
  },
  {
    id: "github",
    detect: detectGithub,
    recognise: recogniseGithub,
    probe: probeGithub,
    options: githubOptions,
    load: () => import("./github/adapter.ts"),
  },
  {
    id: "gitlab",
    detect: detectGitlab,
    recognise: recogniseGitlab,
    probe: probeGitlab,
    options: gitlabOptions,
    load: () => import("./gitlab/adapter.ts"),
  },
  {
    id: "harbor",
    detect: detectHarbor,
    recognise: recogniseHarbor,
    probe: probeHarbor,
    options: harborOptions,
    load: () => import("./harbor/adapter.ts"),
  },
  {
    id: "quay",
    detect: detectQuay,
    recognise: recogniseQuay,
    probe: probeQuay,
    options: quayOptions,
    load: () => import("./quay/adapter.ts"),
  },
  {
    id: "gcr",
    detect: detectGcr,
    recognise: recogniseGcr,
    options: gcrOptions,
    load: () => import("./gcr/adapter.ts"),
  },
  {
    id: "artifactory",
    detect: detectArtifactory,
    recognise: recogniseArtifactory,
    probe: probeArtifactory,
    options: artifactoryOptions,
    load: () => import("./artifactory/adapter.ts"),
  },
  {
    id: "nexus",
    detect: detectNexus,
    recognise: recogniseNexus,
    probe: probeNexus,
    options: nexusOptions,
    load: () => import("./nexus/adapter.ts"),
  },
  { id: "default", detect: detectDefault, options: [], load: () => import("./default/adapter.ts") },
];
