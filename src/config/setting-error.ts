/** A setting that is only seen to be wrong when the parts of the program are built. The message names the key and what to do. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}
