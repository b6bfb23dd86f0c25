/** Why something planned stays though nothing failed. */
export const SKIPPED = {
  changed: "it changed, or is needed, since the plan was made",
  "still-needed": "what needs it could not be removed",
  refused: "a rule of the registry keeps it",
} as const;
