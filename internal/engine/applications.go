package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"sync"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Right is a white-listed right of an application. The platform grants them one by one.
type Right string

// Rights. Those with an action's name allow that action.
const (
	RightVerifySubOrganization        Right = "VerifySubOrganization"
	RightCreateSubOrganizationAndSeal Right = "CreateSubOrganizationAndSeal"
	RightVerifyUser                   Right = "VerifyUser"
	RightCreateUserAndSeal            Right = "CreateUserAndSeal"
	RightCertificateRequired          Right = "CertificateRequired" // VerifyUser.CertificateRequired
	RightChannelNone                  Right = "VerifyChannel.NONE"  // signing without a ticket
	RightCreateServerFlowSign         Right = "CreateServerFlowSign"
)

// Rights lists all rights; the first application gets them all.
func Rights() []Right {
	return []Right{RightVerifySubOrganization, RightCreateSubOrganizationAndSeal, RightVerifyUser, RightCreateUserAndSeal,
		RightCertificateRequired, RightChannelNone, RightCreateServerFlowSign}
}

// region is what Credentials name; the engine accepts any.
const region = "ap-guangzhou"

// firstApplication is the name of the application made at first start. It stands on seals of the application itself.
const firstApplication = "印台内嵌签署平台"

// Credentials are what a client needs to call the engine.
type Credentials struct {
	Endpoint      string `json:"endpoint"`
	Region        string `json:"region"`
	ApplicationID string `json:"applicationId"`
	SecretID      string `json:"secretId"`
	SecretKey     string `json:"secretKey"`
}

// application is one client of the platform.
type application struct {
	ID        string
	Name      string
	SecretID  string
	secretKey string
}

// applications keeps the few applications and their rights in memory: every request asks for them.
type applications struct {
	mu       sync.RWMutex
	bySecret map[string]*application
	rights   map[string][]Right // by application id
	first    *application
}

// openApplications reads the applications; the first start makes one with every right.
func (e *Engine) openApplications(ctx context.Context) (*applications, error) {
	a := &applications{bySecret: map[string]*application{}, rights: map[string][]Right{}}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_applications`).Scan(&n); err != nil {
			return fmt.Errorf("count the applications: %w", err)
		}
		if n == 0 {
			if err := e.makeApplication(ctx, tx); err != nil {
				return err
			}
		}
		return e.readApplications(ctx, tx, a)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// makeApplication stores the first application.
func (e *Engine) makeApplication(ctx context.Context, tx *store.Tx) error {
	id := newID(e.wall())
	secretID, err := randomText(32)
	if err != nil {
		return err
	}
	secretKey, err := randomText(32)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_applications (id, name, secret_id, secret_key_sealed, created) VALUES ($1, $2, $3, $4, $5)`,
		id, firstApplication, "AKID"+secretID, e.vault.Seal("engine_applications.secret_key", id, []byte(secretKey)), store.Micros(e.now()))
	if err != nil {
		return fmt.Errorf("store the first application: %w", err)
	}
	for _, right := range Rights() {
		if err := e.grant(ctx, tx, id, right); err != nil {
			return err
		}
	}
	return e.record(ctx, tx, event{Action: "application.create", ObjectType: "application", ObjectID: id})
}

func (e *Engine) readApplications(ctx context.Context, tx *store.Tx, a *applications) error {
	rows, err := tx.Query(ctx, `SELECT id, name, secret_id, secret_key_sealed FROM engine_applications ORDER BY created, id`)
	if err != nil {
		return fmt.Errorf("read the applications: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		app := &application{}
		var sealed []byte
		if err := rows.Scan(&app.ID, &app.Name, &app.SecretID, &sealed); err != nil {
			return fmt.Errorf("read an application: %w", err)
		}
		if app.secretKey, err = e.vault.OpenText("engine_applications.secret_key", app.ID, sealed); err != nil {
			return err
		}
		a.bySecret[app.SecretID] = app
		if a.first == nil {
			a.first = app
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the applications: %w", err)
	}
	return a.readRights(ctx, tx)
}

func (a *applications) readRights(ctx context.Context, tx *store.Tx) error {
	rows, err := tx.Query(ctx, `SELECT application_id, name FROM engine_rights ORDER BY application_id, name`)
	if err != nil {
		return fmt.Errorf("read the rights: %w", err)
	}
	defer rows.Close()
	clear(a.rights)
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return fmt.Errorf("read a right: %w", err)
		}
		a.rights[id] = append(a.rights[id], Right(name))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the rights: %w", err)
	}
	return nil
}

func (e *Engine) grant(ctx context.Context, tx *store.Tx, applicationID string, right Right) error {
	_, err := tx.Exec(ctx, `INSERT INTO engine_rights (application_id, name, granted) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		applicationID, string(right), store.Micros(e.now()))
	if err != nil {
		return fmt.Errorf("grant %s: %w", right, err)
	}
	return nil
}

// SetRight grants a right to the first application or takes it away.
func (e *Engine) SetRight(ctx context.Context, right Right, granted bool) error {
	if !slices.Contains(Rights(), right) {
		return fmt.Errorf("engine: there is no right %q", right)
	}
	id := e.apps.first.ID
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		if granted {
			if err := e.grant(ctx, tx, id, right); err != nil {
				return err
			}
		} else if _, err := tx.Exec(ctx, `DELETE FROM engine_rights WHERE application_id = $1 AND name = $2`, id, string(right)); err != nil {
			return fmt.Errorf("take %s away: %w", right, err)
		}
		return e.record(ctx, tx, event{Action: "right.set", ObjectType: "application", ObjectID: id,
			Detail: map[string]any{"right": right, "granted": granted}})
	})
	if err != nil {
		return err
	}
	return e.db.Read(ctx, func(tx *store.Tx) error {
		e.apps.mu.Lock()
		defer e.apps.mu.Unlock()
		return e.apps.readRights(ctx, tx)
	})
}

// has tells whether an application has a right.
func (a *applications) has(applicationID string, right Right) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Contains(a.rights[applicationID], right)
}

// needRight refuses an action of the white list (essbasic declares OperationDenied.NoApiAuth for it).
func (e *Engine) needRight(ctx context.Context, right Right) error {
	if e.apps.has(callOf(ctx).Application.ID, right) {
		return nil
	}
	return fail(api.CodeOperationDeniedNoApiAuth, "the application lacks the white-listed right %s", right)
}

// Credentials gives the first application's endpoint and keys.
func (e *Engine) Credentials(context.Context) (Credentials, error) {
	u, err := url.Parse(e.publicURL)
	if err != nil || u.Host == "" {
		return Credentials{}, errors.New("engine: no public URL")
	}
	app := e.apps.first
	return Credentials{Endpoint: e.publicURL, Region: region, ApplicationID: app.ID, SecretID: app.SecretID, SecretKey: app.secretKey}, nil
}

// secretKey is the look-up that the check of signatures uses.
func (e *Engine) secretKey(secretID string) (string, bool) {
	app := e.application(secretID)
	if app == nil {
		return "", false
	}
	return app.secretKey, true
}

func (e *Engine) application(secretID string) *application { return e.apps.bySecret[secretID] }

// randomText makes n letters and digits.
func randomText(n int) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("make a secret: %w", err)
		}
		out[i] = alphabet[k.Int64()]
	}
	return string(out), nil
}
