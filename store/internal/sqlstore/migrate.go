package sqlstore

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Migration is one step of the schema.
type Migration struct {
	Version int
	Name    string
	SQL     string // several statements
}

// Migrations reads the files of the directory "migrations", "0001_init.sql" is version
// 1, and puts the prefix where they have "{prefix}", and the schema with its dot, if
// there is one, where they have "{schema}".
func Migrations(in fs.FS, schema, prefix string) ([]Migration, error) {
	if err := CheckPrefix(prefix); err != nil {
		return nil, err
	}
	if err := checkName("schema", schema, 63); err != nil {
		return nil, err
	}
	if schema != "" {
		schema = `"` + schema + `".`
	}
	names := strings.NewReplacer("{prefix}", prefix, "{schema}", schema)
	files, err := fs.Glob(in, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var out []Migration
	for i, file := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s must have the number %04d", file, i+1)
		}
		data, err := fs.ReadFile(in, file)
		if err != nil {
			return nil, err
		}
		out = append(out, Migration{Version: i + 1, Name: name, SQL: names.Replace(string(data))})
	}
	return out, nil
}

// Migrate runs the steps that were not run yet, each in a transaction of its
// own, and remembers them.
func (s *Store) Migrate(ctx context.Context, steps []Migration) error {
	err := s.write(ctx, "create the table of migrations", func(q conn) error {
		_, err := q.exec(ctx, `CREATE TABLE IF NOT EXISTS ?migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`)
		if err != nil && s.dialect.Created != nil && s.dialect.Created(err) {
			err = ErrRaced
		}
		return err
	})
	if err == nil {
		err = s.read(ctx, "migrate", func(q conn) error {
			var newest int
			if err := q.scan(ctx, &newest, `SELECT COALESCE(MAX(version), 0) FROM ?migrations`); err != nil {
				return err
			}
			if newest > len(steps) {
				return fmt.Errorf("the tables are at version %d, made by a newer release: this one knows versions up to %d", newest, len(steps))
			}
			return nil
		})
	}
	for _, m := range steps {
		if err != nil {
			return err
		}
		err = s.write(ctx, "migration "+m.Name, func(q conn) error {
			// Who comes second waits here for the first.
			n, err := q.exec(ctx, `INSERT INTO ?migrations (version, name, applied_at) VALUES (?) ON CONFLICT DO NOTHING`,
				list{m.Version, text(m.Name), time.Now().UnixMicro()})
			if err == nil && n > 0 {
				_, err = q.to.ExecContext(ctx, m.SQL)
			}
			return err
		})
	}
	return err
}
