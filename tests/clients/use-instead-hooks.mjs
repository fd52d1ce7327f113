// The hooks that `useInstead` registers; they run in a thread of their own.
let others;

export function initialize(data) {
  others = data;
}

export function resolve(specifier, context, next) {
  const [name] = specifier.split('/');
  return next(Object.hasOwn(others, name) ? others[name] + specifier.slice(name.length) : specifier, context);
}
