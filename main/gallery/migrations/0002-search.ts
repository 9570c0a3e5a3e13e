import type { Migration } from './index.ts'

/**
 * The index of words over prompts. `search_words` (search.ts) decides what a word is; the tokenizer only splits at
 * its spaces. The texts stay in `pictures.request`; the index keeps no copy.
 */
export const search: Migration = {
  version: 2,
  name: 'search',
  sql: `
    CREATE VIRTUAL TABLE picture_words USING fts5 (
      prompt, negative_prompt, content='', contentless_delete=1, tokenize='ascii', prefix='1 2 3'
    );

    CREATE TRIGGER picture_words_insert AFTER INSERT ON pictures BEGIN
      INSERT INTO picture_words (rowid, prompt, negative_prompt)
      VALUES (new.number, search_words(new.request ->> '$.prompt'), search_words(new.request ->> '$.negativePrompt'));
    END;

    CREATE TRIGGER picture_words_update AFTER UPDATE OF request ON pictures BEGIN
      DELETE FROM picture_words WHERE rowid = old.number;
      INSERT INTO picture_words (rowid, prompt, negative_prompt)
      VALUES (new.number, search_words(new.request ->> '$.prompt'), search_words(new.request ->> '$.negativePrompt'));
    END;

    CREATE TRIGGER picture_words_delete AFTER DELETE ON pictures BEGIN
      DELETE FROM picture_words WHERE rowid = old.number;
    END;

    INSERT INTO picture_words (rowid, prompt, negative_prompt)
    SELECT number, search_words(request ->> '$.prompt'), search_words(request ->> '$.negativePrompt') FROM pictures;
  `,
}
