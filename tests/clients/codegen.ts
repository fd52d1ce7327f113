import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: 'typed/app.ts',
  generates: {
    'generated/graphql/': {
      preset: 'client',
      config: {
        documentMode: 'string',
        importExtension: '.js',
        useTypeImports: true,
        scalars: { ID: 'string', DateTime: 'string' },
        // Enums may get more values: this makes code handle unknown ones.
        futureProofEnums: true,
      },
    },
  },
};
export default config;
