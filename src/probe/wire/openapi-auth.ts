import { listOf, type Node, nodeOf, textOf } from './openapi-node.ts';
import type { Part } from './openapi-parameters.ts';

/**
 * What satisfies security schemes, by their names in the document; `*` stands for every scheme that is not named. Text
 * is an API key or a bearer token.
 */
export type Credentials = Readonly<Record<string, string | { readonly username: string; readonly password: string }>>;

/**
 * The parts that satisfy the first of an operation's security requirements for which there are credentials; none when
 * there is no such requirement.
 */
export function credentialParts(operation: Node, api: Node, credentials: Credentials): Part[] {
  const schemes = nodeOf(nodeOf(api.components).securitySchemes ?? api.securityDefinitions);
  const requirements = listOf(operation.security ?? api.security).map((requirement) =>
    Object.keys(nodeOf(requirement)),
  );
  const met = requirements
    .map((names) => names.map((name) => partOf(nodeOf(schemes[name]), credentials[name] ?? credentials['*'])))
    .find((parts) => parts.every((part) => part !== undefined));
  return met?.filter((part) => part !== undefined) ?? [];
}

function partOf(scheme: Node, credential: Credentials[string] | undefined): Part | undefined {
  if (credential === undefined) return undefined;
  const type = textOf(scheme.type);
  if (type === 'apiKey') return keyPart(scheme, credential);
  const isBasic = type === 'basic' || (type === 'http' && textOf(scheme.scheme).toLowerCase() === 'basic');
  if (isBasic) return authorization('Basic', encodeLogin(credential));
  const isBearer = /^(?:oauth2|openIdConnect)$/.test(type) || type === 'http';
  return isBearer && typeof credential === 'string' ? authorization('Bearer', credential) : undefined;
}

function keyPart({ in: place, name }: Node, credential: Credentials[string]): Part | undefined {
  if (typeof credential !== 'string' || !/^(?:query|header|cookie)$/.test(textOf(place))) return undefined;
  const value = place === 'header' ? credential : encodeURIComponent(credential);
  return { in: place as Part['in'], name: textOf(name), value };
}

function encodeLogin(credential: Credentials[string]): string {
  const login = typeof credential === 'string' ? credential : `${credential.username}:${credential.password}`;
  return Buffer.from(login, 'utf8').toString('base64');
}

function authorization(scheme: string, value: string): Part {
  return { in: 'header', name: 'Authorization', value: `${scheme} ${value}` };
}
