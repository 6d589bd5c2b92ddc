package api

import (
	"maps"
	"slices"
)

// The actions below are the embedded engine's own: the platform has no keepers of seals, and knows nobody's organisation or account. The cloud
// answers them with InvalidAction, so that a portal before the cloud does not call them. Those that begin with Set tell the whole of what holds
// from now on; telling it twice changes nothing.

// The states of a seal (SetSealUse.State).
const (
	SealActive    = "ACTIVE"
	SealDisabled  = "DISABLED"  // not to be used for now
	SealDestroyed = "DESTROYED" // never again
)

// SealKeeper is somebody who may use a seal, for a term or without end.
type SealKeeper struct {
	UserId string `json:"UserId" validate:"required"`
	// From and Until bound the term in Unix seconds, Until exclusive; 0 is no bound.
	From  int64 `json:"From,omitempty" validate:"gte=0"`
	Until int64 `json:"Until,omitempty" validate:"gte=0"`
}

// SetSealUse tells who alone may use a seal of the organisation that calls, and whether it may be used at all. DESTROYED is for ever.
var SetSealUse = Action[SetSealUseRequest, SetSealUseResponse]{"SetSealUse"}

// SetSealUseRequest is what SetSealUse takes.
type SetSealUseRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	SealId string `json:"SealId" validate:"required"`
	State  string `json:"State" validate:"required,oneof=ACTIVE DISABLED DESTROYED"`
	// Keepers are all who may use the seal; with none nobody may.
	Keepers []SealKeeper `json:"Keepers,omitempty" validate:"max=1000,dive"`
}

// SetSealUseResponse is what SetSealUse answers.
type SetSealUseResponse struct {
	RequestId string `json:"RequestId"`
}

// SetOrganizationMembers tells who alone signs for the organisation that calls.
var SetOrganizationMembers = Action[SetOrganizationMembersRequest, SetOrganizationMembersResponse]{"SetOrganizationMembers"}

// SetOrganizationMembersRequest is what SetOrganizationMembers takes.
type SetOrganizationMembersRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// UserIds are all who sign for the organisation; with none nobody does.
	UserIds []string `json:"UserIds,omitempty" validate:"max=100000"`
}

// SetOrganizationMembersResponse is what SetOrganizationMembers answers.
type SetOrganizationMembersResponse struct {
	RequestId string `json:"RequestId"`
}

// SetUserAccount tells by which account of the caller's portal a person signs where ACCOUNT is asked of them. An account that was taken away
// signs nothing any more, also with a ticket that it has.
var SetUserAccount = Action[SetUserAccountRequest, SetUserAccountResponse]{"SetUserAccount"}

// SetUserAccountRequest is what SetUserAccount takes.
type SetUserAccountRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// AccountId is empty where the person has no account, or one that may not log in.
	AccountId string `json:"AccountId,omitempty" validate:"max=64"`
	// AccountName stands in the evidence and in the reason of signatures: who it is, and the name to log in with.
	AccountName string `json:"AccountName,omitempty" validate:"required_with=AccountId,max=200"`
}

// SetUserAccountResponse is what SetUserAccount answers.
type SetUserAccountResponse struct {
	RequestId string `json:"RequestId"`
}

// CreateAccountSignUrl makes the link of a task for a signer who has just logged in to their own account, with a ticket that signs or refuses
// this task once, within 30 minutes: it is posted as Ticket to SignUrl + "/account".
var CreateAccountSignUrl = Action[CreateAccountSignUrlRequest, CreateAccountSignUrlResponse]{"CreateAccountSignUrl"}

// CreateAccountSignUrlRequest is what CreateAccountSignUrl takes.
type CreateAccountSignUrlRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	FlowId    string `json:"FlowId" validate:"required"`
	SignId    string `json:"SignId" validate:"required"`
	UserId    string `json:"UserId" validate:"required"`
	AccountId string `json:"AccountId" validate:"required"`
	// SecondFactor: the signer has shown a second factor besides the password.
	SecondFactor bool `json:"SecondFactor,omitempty"`
	// Deadline is when the link ends, in Unix seconds.
	Deadline int64 `json:"Deadline" validate:"required"`
}

// CreateAccountSignUrlResponse is what CreateAccountSignUrl answers.
type CreateAccountSignUrlResponse struct {
	SignUrl   string `json:"SignUrl"`
	Ticket    string `json:"Ticket"`
	RequestId string `json:"RequestId"`
}

// CodeInternalErrorRowChanged is what any action of the embedded engine answers where a row of its database that the action needs was changed outside
// of the program. The platform never says this.
const CodeInternalErrorRowChanged = "InternalError.RowChanged"

// extensions tells the codes of the actions that the platform does not have.
var extensions = map[string][]string{
	SetSealUse.Name:             {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	SetOrganizationMembers.Name: {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	SetUserAccount.Name:         {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	CreateAccountSignUrl.Name:   {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
}

// Extensions lists, sorted, the actions that only the embedded engine has.
func Extensions() []string { return slices.Sorted(maps.Keys(extensions)) }
