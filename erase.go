package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// erasable is somebody who can be erased.
type erasable struct {
	id, name, account string
	person            audit.Person
	shared, waiting   []string
}

// erasePerson erases a person from the logs of a data folder, also while the program runs. It refuses who has still to sign, and asks first.
func erasePerson(ctx context.Context, c config.EraseCommand, in io.Reader, out io.Writer) error {
	f := folders{c.Data}
	names, err := f.made(ctx)
	if err != nil {
		return err
	}
	who, err := findErasable(ctx, f, names, strings.TrimSpace(c.Person), out)
	if err != nil {
		return err
	}
	if len(who.waiting) > 0 {
		return errors.New(i18n.T(ctx, "cli.erase.waiting", "Name", who.name, "Contracts", strings.Join(who.waiting, ", ")))
	}
	fmt.Fprintln(out, i18n.T(ctx, "cli.erase.what", "Name", who.name, "Id", who.id))
	if !c.Yes {
		fmt.Fprint(out, i18n.T(ctx, "cli.erase.confirm", "Person", c.Person)+" ")
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the answer: %w", err)
		}
		if strings.TrimSpace(line) != strings.TrimSpace(c.Person) {
			return errors.New(i18n.T(ctx, "cli.erase.kept"))
		}
	}
	ctx = audit.WithActor(ctx, terminalActor())
	for _, name := range names {
		began := time.Now()
		var done audit.Erasure
		err := writeLog(ctx, f, name, func(log *audit.Log) (err error) {
			done, err = log.Erase(ctx, who.person)
			return err
		})
		if errors.Is(err, audit.ErrNotFlushed) {
			return errors.New(i18n.T(ctx, "cli.erase.busy"))
		}
		if err != nil {
			return err
		}
		key := "cli.erase.done"
		if done.Values == 0 {
			key = "cli.erase.nothing"
		}
		fmt.Fprintln(out, i18n.T(ctx, "cli.audit.log."+name)+i18n.T(ctx, key, "Count", done.Values, "Took", time.Since(began).Round(time.Millisecond).String()))
		if done.Clear > 0 {
			fmt.Fprintln(out, "  "+i18n.T(ctx, "cli.erase.clear", "Count", done.Clear))
		}
	}
	if len(who.shared) > 0 {
		fmt.Fprintln(out, i18n.T(ctx, "cli.erase.shared", "Names", strings.Join(who.shared, ", ")))
	}
	fmt.Fprintln(out, i18n.T(ctx, "cli.erase.rest"))
	return nil
}

// findErasable finds the one person whom a text means in the halves of a data folder. Of several, a list is printed.
func findErasable(ctx context.Context, f folders, names []string, text string, out io.Writer) (erasable, error) {
	var all []erasable
	if slices.Contains(names, portalHalf) {
		err := withPortal(ctx, f.root, asking, func(ctx context.Context, portal *db.DB) error {
			found, err := portal.FindSomeone(ctx, text)
			for _, s := range found {
				e := erasable{id: s.ID(), name: s.User.Name, account: s.Account.Name, person: s.Person(), shared: s.Shared, waiting: s.Waiting}
				if e.name == "" {
					e.name = s.Account.DisplayName
				}
				all = append(all, e)
			}
			return err
		})
		if err != nil {
			return erasable{}, err
		}
	}
	if slices.Contains(names, engineHalf) {
		err := withLog(ctx, f, engineHalf, func(_ *dataFolder, _ *audit.Log, database *store.DB) (err error) {
			all, err = addKnown(ctx, database, all, text)
			return err
		})
		if err != nil {
			return erasable{}, err
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	for _, e := range all {
		fmt.Fprintf(out, "  %s  %s  %s\n", e.id, e.name, e.account)
	}
	key := "cli.erase.nobody"
	if len(all) > 1 {
		key = "cli.erase.several"
	}
	return erasable{}, errors.New(i18n.T(ctx, key, "Person", text, "Count", len(all)))
}

// addKnown adds what the engine knows of those whom the portal found, and those whom only the engine knows.
func addKnown(ctx context.Context, database *store.DB, all []erasable, text string) ([]erasable, error) {
	known, err := engine.FindKnown(ctx, database, text)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if !slices.ContainsFunc(known, func(k engine.Known) bool { return k.ID == e.id }) {
			more, err := engine.FindKnown(ctx, database, e.id)
			if err != nil {
				return nil, err
			}
			known = append(known, more...)
		}
	}
	for _, k := range known {
		i := slices.IndexFunc(all, func(e erasable) bool { return e.id == k.ID })
		if i < 0 {
			all = append(all, erasable{id: k.ID, name: k.Name, person: audit.Person{ID: k.ID, IDs: []string{k.ID}}})
			i = len(all) - 1
		}
		e := &all[i]
		e.person.IDs = append(e.person.IDs, k.OpenID)
		for _, contract := range k.Waiting {
			if !slices.Contains(e.waiting, contract) {
				e.waiting = append(e.waiting, contract)
			}
		}
	}
	return all, nil
}
