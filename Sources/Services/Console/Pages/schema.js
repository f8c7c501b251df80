/** The schema itself, where one is named. */
function found(schema, schemas) {
  return schema.$ref ? schemas[schema.$ref.split('/').at(-1)] : schema;
}

/** A schema in a few words. */
export function words(schema, schemas, depth = 0) {
  const { type, anyOf, allOf, enum: choices, properties, items, minimum, maximum, maxLength, format, ...rest } = found(schema, schemas);
  if ('const' in rest) return JSON.stringify(rest.const);
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  if (anyOf) return [...new Set(anyOf.filter((one) => one.const !== '').map((one) => words(one, schemas, depth)))].join(' or ');
  if (allOf) return allOf.map((one) => words(one, schemas, depth)).join(' with ');
  if (properties) return object(properties, rest.required ?? [], schemas, depth);
  if (items) return `list of ${words(items, schemas, depth)}`;
  const limits = maxLength ? `up to ${maxLength} characters` : span(minimum, maximum);
  return [[type].flat().filter(Boolean).join(' or ') || 'anything', format, limits].filter(Boolean).join(', ');
}

function object(properties, required, schemas, depth) {
  if (depth > 1) return '{…}';
  const members = Object.entries(properties).map(([name, schema]) =>
    `${name}${required.includes(name) ? '' : '?'}: ${words(schema, schemas, depth + 1)}`);
  return `{ ${members.join('; ')} }`;
}

function span(minimum, maximum) {
  if (minimum === undefined && maximum === undefined) return '';
  return maximum === undefined ? `from ${minimum}` : `${minimum ?? '…'} to ${maximum}`;
}

/** A value to begin with: what must be there, and no more. */
export function example(schema, schemas) {
  const { type, anyOf, enum: choices, properties, required = [], minimum, ...rest } = found(schema, schemas);
  if ('const' in rest) return rest.const;
  if (choices) return choices[0];
  if (anyOf) return example(anyOf[0], schemas);
  if (properties) return Object.fromEntries(required.map((name) => [name, example(properties[name], schemas)]));
  const kind = [type].flat()[0];
  return { integer: minimum ?? 0, number: minimum ?? 0, boolean: false, array: [], object: {}, null: null }[kind] ?? '';
}
