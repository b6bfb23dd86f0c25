import { isRegistryError } from "../../registry/error.ts";
import {
  ClusterError,
  ClusterMissingError,
  KubeConfigError,
} from "../../usage/kubernetes/error.ts";
import { GuardError } from "../error.ts";
import type { RemovalRefusal } from "./result.ts";

/** An error as a refusal; `undefined` when it is none but a bug or an interruption. */
export function refusalOf(error: unknown): RemovalRefusal | undefined {
  if (error instanceof GuardError) return { guard: error.guard, message: error.message };
  const isOutside =
    isRegistryError(error) ||
    error instanceof ClusterError ||
    error instanceof ClusterMissingError ||
    error instanceof KubeConfigError;
  return isOutside ? { message: error.message } : undefined;
}
