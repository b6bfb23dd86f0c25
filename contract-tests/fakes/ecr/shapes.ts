/** What a service's model says about values. Source: botocore, `data/<service>/<version>/service-2.json`. */
export interface ServiceModel {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

interface Operation {
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string };
  readonly errors?: readonly { readonly shape: string }[];
}

interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** Everything that a value has against a shape; empty when it fits. Unknown members are wrong. */
export function misfits(
  model: ServiceModel,
  shapeName: string,
  value: unknown,
  path = shapeName,
): readonly string[] {
  const shape = model.shapes[shapeName];
  if (shape === undefined) return [`${path}: no shape ${shapeName}`];
  switch (shape.type) {
    case "structure":
      return structureMisfits(model, shape, value, path);
    case "list": {
      if (!Array.isArray(value)) return [`${path}: no list`];
      const { member } = shape;
      const items = value.flatMap((item: unknown, at) =>
        member === undefined ? [] : misfits(model, member.shape, item, `${path}[${at}]`),
      );
      return [...boundMisfits(shape, value.length, path), ...items];
    }
    case "string": {
      if (typeof value !== "string") return [`${path}: no string`];
      const isListed = shape.enum === undefined || shape.enum.includes(value);
      const isSpelled =
        shape.pattern === undefined || new RegExp(`^(?:${shape.pattern})$`).test(value);
      return [
        ...boundMisfits(shape, value.length, path),
        ...(isListed ? [] : [`${path}: not one of ${shape.enum?.join(", ")}`]),
        ...(isSpelled ? [] : [`${path}: not as ${shape.pattern}`]),
      ];
    }
    case "integer":
    case "long":
      return Number.isInteger(value)
        ? boundMisfits(shape, Number(value), path)
        : [`${path}: no whole number`];
    case "timestamp":
    case "double":
      return typeof value === "number" ? [] : [`${path}: no number`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${path}: no boolean`];
    default:
      return [`${path}: a ${shape.type} is not expected here`];
  }
}

function structureMisfits(
  model: ServiceModel,
  { members = {}, required = [] }: Shape,
  value: unknown,
  path: string,
): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${path}: no structure`];
  }
  const missing = required.filter((name) => !(name in value));
  const present = Object.entries(value).flatMap(([name, field]) => {
    const member = members[name];
    return member === undefined
      ? [`${path}.${name}: no such member`]
      : misfits(model, member.shape, field, `${path}.${name}`);
  });
  return [...missing.map((name) => `${path}.${name}: missing`), ...present];
}

function boundMisfits({ min, max }: Shape, size: number, path: string): readonly string[] {
  const isBelow = min !== undefined && size < min;
  const isAbove = max !== undefined && size > max;
  return isBelow || isAbove ? [`${path}: ${size} is not between ${min} and ${max}`] : [];
}
