package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// withPortal runs a command on the portal's database of a data folder. The server may run at the same time.
func withPortal(ctx context.Context, data string, access access, run func(context.Context, *db.DB) error) error {
	d, err := openData(ctx, folders{data}, access, portalHalf)
	if err != nil {
		return err
	}
	portal, err := openPortal(ctx, d, time.Now, nil, nil)
	if err != nil {
		return err
	}
	err = run(audit.WithActor(ctx, terminalActor()), portal.DB)
	return errors.Join(err, portal.Close())
}

// addUser adds an account, with a password from the standard input or one that it makes and prints.
func addUser(ctx context.Context, c config.UserAddCommand, in io.Reader, out io.Writer) error {
	password, err := newPassword(c.Name, c.PasswordStdin, in)
	if err != nil {
		return err
	}
	hash, err := auth.Hash(ctx, password)
	if err != nil {
		return err
	}
	account := db.NewAccount{
		Name: c.Name, DisplayName: c.DisplayName, Role: auth.Role(c.Role), PasswordHash: hash, MustChange: !c.PasswordStdin,
		Scope: db.Scope{All: len(c.Organizations) == 0, Organizations: c.Organizations},
	}
	if account.DisplayName == "" {
		account.DisplayName = c.Name
	}
	return withPortal(ctx, c.Data, starting, func(ctx context.Context, portal *db.DB) error {
		if _, err := portal.AddAccount(ctx, account); err != nil {
			return fmt.Errorf("add the account %q: %w", c.Name, err)
		}
		fmt.Fprintln(out, i18n.T(ctx, "cli.user.added", "Name", c.Name, "Role", c.Role))
		if !c.PasswordStdin {
			fmt.Fprintln(out, i18n.T(ctx, "cli.user.password", "Password", password))
		}
		return nil
	})
}

// changePassword sets the password of an account and ends its sessions.
func changePassword(ctx context.Context, c config.UserPasswdCommand, in io.Reader, out io.Writer) error {
	password, err := newPassword(c.Name, c.PasswordStdin, in)
	if err != nil {
		return err
	}
	hash, err := auth.Hash(ctx, password)
	if err != nil {
		return err
	}
	return withPortal(ctx, c.Data, working, func(ctx context.Context, portal *db.DB) error {
		account, err := namedAccount(ctx, portal, c.Name)
		if err != nil {
			return err
		}
		if err := portal.SetPassword(ctx, account.ID, hash, !c.PasswordStdin, ""); err != nil {
			return err
		}
		fmt.Fprintln(out, i18n.T(ctx, "cli.user.changed", "Name", c.Name))
		if !c.PasswordStdin {
			fmt.Fprintln(out, i18n.T(ctx, "cli.user.password", "Password", password))
		}
		return nil
	})
}

func namedAccount(ctx context.Context, portal *db.DB, name string) (db.Account, error) {
	account, err := portal.AccountByName(ctx, name)
	if errors.Is(err, db.ErrNotFound) {
		return account, fmt.Errorf("there is no account %q; `sealdesk user list` shows them", name)
	}
	return account, err
}

// resetFactor takes the second factor from an account: the way in for an administrator who has lost phone and recovery codes.
func resetFactor(ctx context.Context, c config.UserFactorCommand, out io.Writer) error {
	return withPortal(ctx, c.Data, working, func(ctx context.Context, portal *db.DB) error {
		account, err := namedAccount(ctx, portal, c.Name)
		if err != nil {
			return err
		}
		if !account.SecondFactor {
			return fmt.Errorf("the account %q has no second factor", c.Name)
		}
		if err := portal.RemoveFactor(ctx, account.ID); err != nil {
			return err
		}
		if err := portal.RevokeSessions(ctx, db.SessionFilter{AccountID: account.ID}, ""); err != nil {
			return err
		}
		fmt.Fprintln(out, i18n.T(ctx, "cli.user.factor", "Name", c.Name))
		return nil
	})
}

// newPassword reads one line, or makes a password that is easy to type.
func newPassword(name string, fromInput bool, in io.Reader) (string, error) {
	password := strings.ToLower(rand.Text())[:20]
	if fromInput {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		password = strings.TrimRight(line, "\r\n")
	}
	if err := auth.CheckPassword(name, password); err != nil {
		return "", err
	}
	return password, nil
}

// userRow is an account in `user list --json`.
type userRow struct {
	Name        string    `json:"name"`
	DisplayName string    `json:"displayName"`
	Role        auth.Role `json:"role"`
	Disabled    bool      `json:"disabled"`
	LastLogin   time.Time `json:"lastLogin,omitzero"`
}

func listUsers(ctx context.Context, c config.UserListCommand, out io.Writer) error {
	return withPortal(ctx, c.Data, asking, func(ctx context.Context, portal *db.DB) error {
		rows := []userRow{}
		for page := (db.Page{}); ; {
			accounts, next, err := portal.Accounts(ctx, page)
			if err != nil {
				return err
			}
			for _, a := range accounts {
				rows = append(rows, userRow{a.Name, a.DisplayName, a.Role, a.Disabled, a.LastLogin})
			}
			if page.After = next; next == "" {
				break
			}
		}
		if c.JSON {
			return json.NewEncoder(out).Encode(rows)
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, row := range rows {
			last := "–"
			if !row.LastLogin.IsZero() {
				last = row.LastLogin.Local().Format(timeFormat)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%v\t%s\n", row.Name, row.DisplayName, row.Role, !row.Disabled, last)
		}
		return table.Flush()
	})
}
