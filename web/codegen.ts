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
        // Enums may get more values: this makes code handle unknown ones.
        futureProofEnums: true,
        scalars: { ID: 'string', DateTime: 'string', Upload: 'Blob', JSON: 'Record<string, unknown>' },
        onlyOperationTypes: true,
      },
    },
  },
};
export default config;
