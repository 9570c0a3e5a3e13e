/** The arrows of the module map: each module of main names the modules it may import; all others are refused. */
const mayImport = {
  contract: [],
  tensor: [],
  diffusion: ['tensor', 'contract'],
  text: ['tensor', 'contract'],
  checkpoint: ['tensor', 'contract'],
  network: ['checkpoint', 'runtime', 'tensor'],
  runtime: ['tensor'],
  image: ['tensor', 'contract'],
  studio: ['contract', 'tensor', 'diffusion', 'text', 'checkpoint', 'network', 'runtime', 'image'],
  queue: ['contract'],
  gallery: ['contract'],
  library: ['checkpoint', 'contract'],
}

const failure = '^main/contract/failure[.]ts$'
const test = '[.]test[.]ts$'

const arrows = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `main-${name}`,
  comment: `main/${name} may import ${allowed.length === 0 ? 'nothing of the project' : allowed.join(', ')} (and failure.ts)`,
  severity: 'error',
  from: { path: `^main/${name}/`, pathNot: test },
  to: { path: '^(main|app|renderer|bench|e2e)/', pathNot: [`^main/(${[name, ...allowed].join('|')})/`, failure] },
}))

/** A package that one place alone may import, types included. */
const soleImporter = (name, packageName, folders) => ({
  name,
  severity: 'error',
  from: { pathNot: folders },
  to: { path: `^node_modules/${packageName}/` },
})

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'contract-is-schemas',
      comment: 'the contract may use the schema library and nothing else',
      severity: 'error',
      from: { path: '^main/contract/', pathNot: test },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: '^node_modules/zod/' },
    },
    {
      name: 'renderer-knows-only-the-contract',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|app|bench|e2e)/', pathNot: '^main/contract/' },
    },
    {
      name: 'app-is-the-root',
      comment: 'only app and its tests know app; e2e starts the built one',
      severity: 'error',
      from: { pathNot: '^(app|bench)/' },
      to: { path: '^app/' },
    },
    {
      name: 'desktop-and-loopback-are-apart',
      severity: 'error',
      from: { path: '^app/(loopback|cli)/', pathNot: test },
      to: { path: '^app/desktop/' },
    },
    {
      name: 'desktop-knows-no-other-shell',
      severity: 'error',
      from: { path: '^app/desktop/', pathNot: test },
      to: { path: '^app/(loopback|cli|start)/' },
    },
    {
      name: 'e2e-knows-only-types',
      severity: 'error',
      from: { path: '^e2e/' },
      to: { path: '^(main|app)/', pathNot: '^main/contract/' },
    },
    {
      name: 'bench-is-a-leaf',
      severity: 'error',
      from: { path: '^(main|app|renderer|e2e)/' },
      to: { path: '^bench/' },
    },
    soleImporter('electron-in-desktop', 'electron', '^app/desktop/'),
    soleImporter('sessions-in-runtime', 'onnxruntime-(node|common)', '^main/runtime/'),
    soleImporter('pixels-in-image', 'sharp', ['^main/image/', '^(bench|[.]ci|e2e)/', test]),
    soleImporter('sql-in-gallery-and-queue', 'better-sqlite3', '^main/(gallery|queue)/'),
    {
      name: 'no-dev-packages-in-the-product',
      severity: 'error',
      from: { path: '^(main|app)/', pathNot: [test, '^app/desktop/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'warn',
      from: { orphan: true, pathNot: [test, '[.]d[.]ts$', '[.]config[.]ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'require', 'node', 'default'],
    },
    moduleSystems: ['es6'],
  },
}
