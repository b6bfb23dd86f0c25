import { setFlagsFromString } from "node:v8";

/**
 * Keeps the part of the heap small in which objects begin their lives, so that those that die are collected often.
 *
 * A stream of gigabytes leaves few and small objects behind, each of which holds 64 KiB outside of the heap. V8 looks at the
 * small ones alone until 64 MiB hang on them. Source: V8, `kExternalAllocationSoftLimit`; measured by `bench/migrate`.
 */
export function keepMemorySteady(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
