/** Import ranks: a file imports lower ranks or its own folder; see docs/ARCHITECTURE.md. */
const RANKS = [
  ['L0', '^src/[^/]+\\.ts$'],
  ['L1', '^src/math/'],
  ['L2', '^src/paillier/'],
  ['L3', '^src/(proofs|privacy|plan)/'],
  ['L4', '^src/wire/'],
  ['L5', '^src/service/'],
  ['L6', '^(src/(otlp|aggregation|keyholder)|processor)/'],
  ['L7', '^src/receiver/'],
  ['L8', '^src/cli/'],
];

const upward = RANKS.slice(0, -1).map(([name, path], index) => ({
  name: `rank-${name}-imports-upward`,
  severity: 'error',
  from: { path },
  to: { path: RANKS.slice(index + 1).map(([, higher]) => higher) },
}));

const SIBLINGS = [
  ['proofs', 'privacy', 'plan'],
  ['otlp', 'aggregation', 'keyholder'],
].flatMap((folders) =>
  folders.map((folder) => ({
    name: `${folder}-imports-a-sibling`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: [`^src/(${folders.filter((other) => other !== folder).join('|')})/`, '^processor/'] },
  })),
);

const SECRET = ['^src/keyholder/', '^src/paillier/(private-key|key-generation|foreign-private-key)\\.ts$'];

module.exports = {
  forbidden: [
    ...upward,
    ...SIBLINGS,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'private-key-is-out-of-reach',
      comment: 'The receiver, the processor and what they load can never decrypt.',
      severity: 'error',
      from: { path: '^(src/(receiver|aggregation|otlp|wire|service|plan|proofs|privacy)|processor)/' },
      to: { path: SECRET, reachable: true },
    },
    {
      name: 'processor-is-light',
      comment: 'An application loads no OpenTelemetry SDK, gRPC or protobuf through the processor.',
      severity: 'error',
      from: {
        path: '^processor/',
        pathNot:
          '^processor/(exporter|in-flight-exporter|(file-lock|contribution-(database|file-opening))\\.node)\\.ts$',
      },
      to: {
        path: [
          '@opentelemetry/(sdk-|exporter-|core|resources)',
          '@grpc/',
          'protobufjs',
          'libsql',
          'pino',
          '^src/(service|otlp|aggregation|receiver|cli)/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'core-touches-no-node',
      comment: 'Ranks 0 to 4 run in browsers; the private key is the one exception.',
      severity: 'error',
      from: {
        path: '^src/([^/]+\\.ts$|(math|paillier|proofs|privacy|plan|wire)/)',
        pathNot: '^src/paillier/private-key\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test)/' },
  },
};
