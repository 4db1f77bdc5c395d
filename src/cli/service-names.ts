/** Names of the services that have a configuration, apart from their schemas: every command loads them. */
export const SERVICE_NAMES = ['receiver', 'keyholder'] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];
