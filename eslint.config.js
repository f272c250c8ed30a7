import tseslint from 'typescript-eslint'
import importX from 'eslint-plugin-import-x'
import reactHooks from 'eslint-plugin-react-hooks'
import house from './scripts/eslintLayers.mjs'

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'fixtures', 'public', 'runs', 'out', 'dist-bench'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { house, 'import-x': importX, 'react-hooks': reactHooks },
    settings: { 'import-x/resolver-next': [], 'import-x/extensions': ['.ts', '.tsx'] },
    rules: {
      'house/layers': 'error',
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      'max-lines': ['warn', { max: 250, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['warn', { max: 60 }],
    },
  },
  { files: ['**/*.test.{ts,tsx}', 'e2e/**'], rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
)
