/** Whether a prompt leaves anything to choose: {a|b} or __file__. */
export function isTemplate(text: string): boolean {
  return /(?<!\\)[{]|__[\w*/. -]+?__/.test(text)
}
