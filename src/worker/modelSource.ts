import { fetchModel } from './fetchModel.ts'
export function readModel(source: any) { return fetchModel(source.name, source.baseUrl) }
