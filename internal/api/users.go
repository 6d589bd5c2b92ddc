package api

// CreateUser: register a person.
var CreateUser = Action[CreateUserRequest, CreateUserResponse]{"CreateUser"}

// CreateUserRequest is what CreateUser takes.
type CreateUserRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	OpenId       string `json:"OpenId" validate:"required,max=32"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardType   string `json:"IdCardType" validate:"required,idcardtype"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	UseOpenId    bool   `json:"UseOpenId,omitempty"`
	Email        string `json:"Email,omitempty" mask:"email"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
}

// CreateUserResponse is what CreateUser answers.
type CreateUserResponse struct {
	UserId    string `json:"UserId"`
	RequestId string `json:"RequestId"`
}

// CreateUserAndSeal: register + verified + default signature; white list.
var CreateUserAndSeal = Action[CreateUserAndSealRequest, CreateUserAndSealResponse]{"CreateUserAndSeal"}

// CreateUserAndSealRequest is what CreateUserAndSeal takes.
type CreateUserAndSealRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	OpenId       string `json:"OpenId" validate:"required"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardType   string `json:"IdCardType" validate:"required,oneof=ID_CARD HOUSEHOLD_REGISTER TEMP_ID_CARD"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	SourceIp     string `json:"SourceIp" form:"-" validate:"required"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
	Email        string `json:"Email,omitempty" mask:"email"`
	SealName     string `json:"SealName,omitempty" mask:"name"`
	UseOpenId    bool   `json:"UseOpenId,omitempty"`
}

// CreateUserAndSealResponse is what CreateUserAndSeal answers.
type CreateUserAndSealResponse struct {
	UserId    string `json:"UserId"`
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// ModifyUser: update a person.
var ModifyUser = Action[ModifyUserRequest, ModifyUserResponse]{"ModifyUser"}

// ModifyUserRequest is what ModifyUser takes.
type ModifyUserRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	OpenId string `json:"OpenId,omitempty"`
	UserId string `json:"UserId,omitempty" validate:"required_without=OpenId"`
	Mobile string `json:"Mobile,omitempty" mask:"mobile"`
	Email  string `json:"Email,omitempty" mask:"email"`
	Name   string `json:"Name,omitempty" mask:"name"`
}

// ModifyUserResponse is what ModifyUser answers.
type ModifyUserResponse struct {
	UserId    string `json:"UserId"`
	RequestId string `json:"RequestId"`
}

// VerifyUser: mark a person verified; white list.
var VerifyUser = Action[VerifyUserRequest, VerifyUserResponse]{"VerifyUser"}

// VerifyUserRequest is what VerifyUser takes.
type VerifyUserRequest struct {
	Caller              Caller `json:"Caller" form:"-" validate:"required"`
	UserId              string `json:"UserId" validate:"required"`
	CertificateRequired bool   `json:"CertificateRequired,omitempty"`
}

// VerifyUserResponse is what VerifyUser answers.
type VerifyUserResponse struct {
	UserId    string `json:"UserId"`
	RequestId string `json:"RequestId"`
}

// DescribeUsers: read people by id.
var DescribeUsers = Action[DescribeUsersRequest, DescribeUsersResponse]{"DescribeUsers"}

// DescribeUsersRequest is what DescribeUsers takes.
type DescribeUsersRequest struct {
	Caller  Caller   `json:"Caller" form:"-" validate:"required"`
	UserIds []string `json:"UserIds" validate:"required,min=1,max=100,dive,required"`
}

// DescribeUsersResponse is what DescribeUsers answers.
type DescribeUsersResponse struct {
	Users     []UserDescribe `json:"Users"`
	RequestId string         `json:"RequestId"`
}
