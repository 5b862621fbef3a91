/** Base64 of the module that `assembly.ts` compiles. */
declare module "virtual:kernel" {
  const bytes: string;
  export default bytes;
}
