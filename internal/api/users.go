package api

// CreateUser registers a person. They begin as not verified; OpenId must be new to the application, mobile and e-mail need not
// be.
var CreateUser = Action[CreateUserRequest, CreateUserResponse]{"CreateUser"}

// CreateUserRequest is what CreateUser takes.
type CreateUserRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// OpenId is the caller's own id, at most 32 characters, new to the application.
	OpenId string `json:"OpenId" validate:"required,max=32"`
	Name   string `json:"Name" validate:"required" mask:"name"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType   string `json:"IdCardType" validate:"required,idcardtype"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	// UseOpenId makes OpenId the platform's id as well.
	UseOpenId bool   `json:"UseOpenId,omitempty"`
	Email     string `json:"Email,omitempty" mask:"email"`
	Mobile    string `json:"Mobile,omitempty" mask:"mobile"`
}

// CreateUserResponse is what CreateUser answers.
type CreateUserResponse struct {
	UserId    string `json:"UserId"`
	RequestId string `json:"RequestId"`
}

// CreateUserAndSeal registers a person whom the caller has verified elsewhere, and draws their default signature (white list).
var CreateUserAndSeal = Action[CreateUserAndSealRequest, CreateUserAndSealResponse]{"CreateUserAndSeal"}

// CreateUserAndSealRequest is what CreateUserAndSeal takes.
type CreateUserAndSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// OpenId is the caller's own id, at most 32 characters, new to the application.
	OpenId string `json:"OpenId" validate:"required"`
	Name   string `json:"Name" validate:"required" mask:"name"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType   string `json:"IdCardType" validate:"required,oneof=ID_CARD HOUSEHOLD_REGISTER TEMP_ID_CARD"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	Mobile   string `json:"Mobile,omitempty" mask:"mobile"`
	Email    string `json:"Email,omitempty" mask:"email"`
	SealName string `json:"SealName,omitempty" mask:"name"`
	// UseOpenId makes OpenId the platform's id as well.
	UseOpenId bool `json:"UseOpenId,omitempty"`
}

// CreateUserAndSealResponse is what CreateUserAndSeal answers.
type CreateUserAndSealResponse struct {
	UserId    string `json:"UserId"`
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// ModifyUser changes the mobile, e-mail or name of a person, whom UserId names, or else OpenId. A new name makes them unverified
// again. What is left empty stays.
var ModifyUser = Action[ModifyUserRequest, ModifyUserResponse]{"ModifyUser"}

// ModifyUserRequest is what ModifyUser takes.
type ModifyUserRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// OpenId names the person by the caller's own id.
	OpenId string `json:"OpenId,omitempty"`
	// UserId wins where OpenId is given too.
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

// VerifyUser marks a person as verified by the caller (white list).
var VerifyUser = Action[VerifyUserRequest, VerifyUserResponse]{"VerifyUser"}

// VerifyUserRequest is what VerifyUser takes.
type VerifyUserRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// CertificateRequired also asks for a certificate, which needs a grant of its own.
	CertificateRequired bool `json:"CertificateRequired,omitempty"`
}

// VerifyUserResponse is what VerifyUser answers.
type VerifyUserResponse struct {
	UserId    string `json:"UserId"`
	RequestId string `json:"RequestId"`
}

// DescribeUsers reads people of the caller's application by their ids. No action lists them.
var DescribeUsers = Action[DescribeUsersRequest, DescribeUsersResponse]{"DescribeUsers"}

// DescribeUsersRequest is what DescribeUsers takes.
type DescribeUsersRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// UserIds are at most 100.
	UserIds []string `json:"UserIds" validate:"required,min=1,max=100,dive,required"`
}

// DescribeUsersResponse is what DescribeUsers answers.
type DescribeUsersResponse struct {
	Users     []UserDescribe `json:"Users"`
	RequestId string         `json:"RequestId"`
}
