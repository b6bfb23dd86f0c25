/** Why a tag is kept, with its evidence. `of` is the kept tag or digest that needs it. */
export type Reason =
  | {
      readonly kind: "git-policy";
      /** Place of the policy in the configuration, from 0. */
      readonly policy: number;
      /** `branch main`, `tag v1`. */
      readonly reference: string;
      readonly commit: string;
      /** Image name, where a managed image record tells it. */
      readonly image: string;
    }
  /** How many more references keep it by the history. */
  | { readonly kind: "git-policy-more"; readonly count: number }
  | { readonly kind: "built-recently"; readonly builtAt: string; readonly hours: number }
  /** A record names a commit that nobody here has, and the remote was not asked. */
  | { readonly kind: "unknown-commit"; readonly commit: string }
  | { readonly kind: "keep-list" }
  /** A copy of what stays in the primary repository; `of` is the reference there, with its tag. */
  | { readonly kind: "primary"; readonly of: string }
  /** A running publisher said that it is about to use it. `until` is RFC 3339. */
  | { readonly kind: "lease"; readonly holder: string; readonly until: string }
  /** Something in a cluster runs it, or is about to. */
  | {
      readonly kind: "in-use";
      readonly cluster: string;
      /** Empty for what lies in no namespace. */
      readonly namespace: string;
      /** `Deployment/web`. */
      readonly object: string;
      /** Name of the container, or the path of the field. */
      readonly container: string;
      /** As it stands there. */
      readonly image: string;
    }
  /** How many more places use it. */
  | { readonly kind: "in-use-more"; readonly count: number }
  | { readonly kind: "index-child"; readonly of: string }
  | { readonly kind: "ancestor"; readonly of: string }
  | { readonly kind: "import-source"; readonly of: string }
  | { readonly kind: "import-record"; readonly of: string }
  | { readonly kind: "dependency"; readonly of: string }
  | { readonly kind: "subject"; readonly of: string }
  | { readonly kind: "referrer"; readonly of: string }
  | { readonly kind: "custom-tag"; readonly of: string }
  /** A custom tag that somebody moved to other content. */
  | { readonly kind: "moved"; readonly of: string }
  | { readonly kind: "record"; readonly of: string }
  /** A record that nothing but a kept stage needs. */
  | { readonly kind: "last-record"; readonly of: string }
  | { readonly kind: "rejected-but-needed"; readonly of: string }
  /** A rule that claims the tag keeps it. `because` is what comes after "it is": `among the newest 3 of image web`. */
  | { readonly kind: "rule"; readonly rule: string; readonly because: string }
  /** A rule claims the tag, and nothing in it tells whether it may go. `because` is a clause: `it names no commit`. */
  | { readonly kind: "undecided"; readonly rule: string; readonly because: string }
  | { readonly kind: "service" }
  | { readonly kind: "foreign" }
  /** A manifest that no tag names, where such manifests were not asked to go. */
  | { readonly kind: "untagged" }
  /** Nobody knows when it was pushed. */
  | { readonly kind: "unknown-age" }
  /** Listed, but it resolves to nothing that can be read. */
  | { readonly kind: "unreadable" }
  /** The registry cannot remove it without the tag that stays. */
  | { readonly kind: "shared-digest"; readonly of: string }
  /** It would go, and the plan that is carried out does not name it. */
  | { readonly kind: "not-in-plan" }
  | { readonly kind: "cleanup-disabled" };

export type ReasonKind = Reason["kind"];
