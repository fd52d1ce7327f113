import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../schema.graphql',
  documents: ['src/**/*.graphql', '!src/graphiql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumsAsTypes: true,
        // Enums will grow: with this, code that overlooks it does not compile.
        futureProofEnums: true,
        scalars: { ID: 'string', DateTime: 'string', Upload: 'Blob' },
        onlyOperationTypes: true,
      },
    },
  },
};
export default config;
